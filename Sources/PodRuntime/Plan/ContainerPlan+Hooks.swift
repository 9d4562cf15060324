import Compose
import DockerEngine
import OrderedCollections
import YAML

extension Service {
  /// The service, and those that run before it.
  var withPreStart: [Service] { [self] + preStart }

  /// Under which the image of a `pre_start` is found.
  func imageKey(ofHook index: Int) -> String {
    let image = preStart[index].image?.value
    return image == nil || image == self.image?.value ? name : "\(name)/pre_start/\(index)"
  }

  /// The images that its `pre_start` need besides its own, as services that have nothing else.
  var hookImages: [Service] {
    preStart.indices.compactMap { index in
      let key = imageKey(ofHook: index)
      guard key != name else { return nil }
      var service = Service(name: key, position: preStart[index].position)
      service.image = preStart[index].image
      return service
    }
  }
}

extension Pod {
  /// Variables as the engine takes them; one without a value is taken away.
  static func variables(_ variables: OrderedDictionary<String, String?>) -> [String] {
    variables.map { name, value in value.map { "\(name)=\($0)" } ?? name }
  }
}
