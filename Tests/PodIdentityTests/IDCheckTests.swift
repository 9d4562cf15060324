import PodIdentity
import Testing

@Suite("An ID from outside")
struct IDCheckTests {
  @Test(
    "is accepted in every form that Mesos and its frameworks create",
    arguments: [
      "7f5b8a2e-6c1d-4f3a-9b8e-2d1c0a9f8e7d", "compose-test.7f5b8a2e", "a", "...", "..a", "-",
      "my_group_app.instance-1b7c.container.pod", "role/x".replacing("/", with: "."), "a b", "ö",
      "a\\b", "a\u{301}", String(repeating: "x", count: 255),
    ])
  func valid(id: String) { #expect(IDCheck.problem(id) == nil) }

  @Test(
    "is refused if it isn't one component of a path",
    arguments: [
      "", ".", "..", "/", "../..", "a/b", "/a", "a/", "a\0", "a\nb", "\n", "a\u{7f}", "\u{1b}[2J",
      "/\u{301}", "..\n", String(repeating: "x", count: 256), String(repeating: "ö", count: 128),
    ])
  func invalid(id: String) { #expect(IDCheck.problem(id) != nil) }
}
