import Compose
import DockerEngine
import OrderedCollections
import YAML

extension Pod {
  /// The maximum length of a path in Linux, in bytes.
  private static let longestPath = 4095

  /// Refuses values that depend on an image and crash the engine or block a container's start
  /// forever: the image's healthcheck, and the length of the program's name.
  ///
  /// - Parameter images: the provided images, by `Service.imageKey`.
  /// - Throws: `DiagnosticError` with the line that causes the fault.
  func refuseCrashing(_ images: [String: ResolvedImage]) throws(DiagnosticError) {
    for service in request.project.services.values {
      let hooks = service.preStart.indices.map {
        (service.preStart[$0], service.imageKey(ofHook: $0))
      }
      for (user, key) in [(service, service.name)] + hooks {
        guard let image = images[key] else { continue }
        try refuseCheck(of: image, in: user)
        try refuseProgram(of: user, in: image)
      }
    }
  }

  /// An engine panics at the first check of a container whose test is `CMD` alone.
  private func refuseCheck(
    of image: ResolvedImage, in service: Service
  ) throws(DiagnosticError) {
    guard image.healthcheckTest == ["CMD"], service.healthcheck?.test?.isEmpty != false else {
      return
    }
    throw DiagnosticError(
      "the healthcheck of the image of '\(service.name)' has no command after CMD, which crashes "
        + "the engine: set `healthcheck` in the service, or `disable: true`",
      at: service.image?.position ?? service.build?.position ?? service.position)
  }

  /// The error message about the missing program is too long for runc to report.
  private func refuseProgram(
    of service: Service, in image: ResolvedImage
  ) throws(DiagnosticError) {
    var key = "entrypoint"
    var program = service.entrypoint?.first
    if program == nil, service.entrypoint != nil || !image.hasEntrypoint {
      (key, program) = ("command", service.command?.first)
    }
    guard let count = program?.utf8.count, count > Self.longestPath else { return }
    throw DiagnosticError(
      "the program of '\(service.name)' has a name of \(count) bytes: the longest path has "
        + "\(Self.longestPath)", at: service.locations[key] ?? service.position)
  }
}
