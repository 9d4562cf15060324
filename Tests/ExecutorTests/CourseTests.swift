import MesosExecutor
import Testing

@testable import Executor

@Suite("The states of a task")
struct CourseTests {
  @Test("begin with STARTING, reach one of three terminal states, and never go back")
  func course() {
    #expect(TaskStateMachine.next(after: nil) == [.starting])
    var reached: Set<TaskState> = [.starting]
    var open: [TaskState] = [.starting]
    while let state = open.popLast() {
      let following = TaskStateMachine.next(after: state)
      #expect(following.isEmpty == state.isTerminal)
      #expect(!following.contains(.starting))
      open += following.filter { reached.insert($0).inserted }
    }
    #expect(reached == [.starting, .running, .killing, .finished, .failed, .killed])
    #expect(!TaskStateMachine.next(after: .killing).contains(.running))
  }
}
