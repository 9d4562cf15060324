import PodControl
import Testing

@testable import PodRuntime

@Suite("The history of a pod")
struct PodHistoryTests {
  @Test("gives a follower earlier and later events, in order, until its end")
  func follow() async {
    let history = PodHistory()
    history.record(.podStarting, "first")
    let stream = history.subscribe()
    history.record(.imagePulling, subject: "app:1")
    history.record(.containerExited, service: "web", "second", container: "abc", exitCode: 3)
    history.end()
    history.record(.podEnded, "too late")
    var events: [PodEvent] = []
    for await event in stream { events.append(event) }
    #expect(events == history.events)
    #expect(events.map(\.kind) == [.podStarting, .imagePulling, .containerExited])
    #expect(events[1].subject == "app:1")
    #expect(events[2].service == "web" && events[2].exitCode == 3 && events[2].container == "abc")
  }

  @Test("gives a late follower all kept events")
  func late() async {
    let history = PodHistory()
    history.record(.podStarting)
    history.end()
    var count = 0
    for await _ in history.subscribe() { count += 1 }
    #expect(count == 1)
  }

  @Test("drops the oldest events, and a follower that doesn't read blocks nothing")
  func bounded() async {
    let history = PodHistory()
    let idle = history.subscribe()
    for number in 0..<5_000 { history.record(.serviceRestarting, service: "web", "\(number)") }
    #expect(history.events.count == PodHistory.capacity)
    #expect(history.events.first?.message == "4000")
    history.end()
    var messages: [String] = []
    for await event in idle { messages.append(event.message) }
    #expect(messages.last == "4999" && messages.count == 2 * PodHistory.capacity)
  }

  @Test("gives all followers the same order of concurrent events")
  func concurrent() async {
    let history = PodHistory()
    let streams = (0..<4).map { _ in history.subscribe() }
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          for number in 0..<100 { history.record(.serviceWaiting, "\(task)-\(number)") }
        }
      }
    }
    history.end()
    var orders: Set<[String]> = []
    for stream in streams {
      var order: [String] = []
      for await event in stream { order.append(event.message) }
      orders.insert(order)
    }
    #expect(orders.count == 1 && orders.first?.count == 400)
  }
}
