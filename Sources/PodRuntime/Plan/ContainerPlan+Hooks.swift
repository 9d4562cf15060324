import Compose
import DockerEngine
import OrderedCollections
import YAML

extension Service {
  /// The service and its `pre_start` hooks, which run before it.
  var withPreStart: [Service] { [self] + preStart }

  /// The key of the image of a `pre_start` hook.
  func imageKey(ofHook index: Int) -> String {
    let image = preStart[index].image?.value
    return image == nil || image == self.image?.value ? name : "\(name)/pre_start/\(index)"
  }

  /// The images that its `pre_start` hooks need besides its own, as services without other keys.
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
  /// Variables in the engine's format. A name without a value removes the variable.
  static func variables(_ variables: OrderedDictionary<String, String?>) -> [String] {
    variables.map { name, value in value.map { "\(name)=\($0)" } ?? name }
  }
}
