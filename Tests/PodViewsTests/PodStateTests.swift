import Testing

@testable import PodControl
@testable import PodViews

struct PodStateTests {
  /// Each state of an executor is a state of `ps`, with the same name.
  @Test(arguments: ["launching", "running", "unhealthy", "stopping"])
  func eachStateOfAnExecutorIsShownByItsName(_ name: String) {
    #expect(PodStatus.State(rawValue: name) != nil)
    #expect(PodState(rawValue: name) != nil)
  }
}
