import Testing

@testable import PodRuntime

/// Names of the Container Device Interface: `vendor/class=name`.
struct DriverDeviceTests {
  @Test(arguments: [
    "nvidia.com/gpu=all", "nvidia.com/gpu=0", "v/c=n", "vendor-1.x_y/class_2=GPU-8f2a:1.0",
  ])
  func aDriversDeviceIsOne(_ name: String) {
    #expect(PodPlanner.isDriverDevice(name))
  }

  @Test(arguments: [
    "", "/dev/sda", "nvidia.com/gpu", "nvidia.com=all", "nvidia.com/gpu=", "/gpu=all", "1v/c=n",
    "v/1c=n", "v/c=-n", "v/c=n/m", "v/c/d=n", "v:w/c=n", "v/c:d=n", "v/c=n=m", "é/c=n", "v/c=é",
    "v /c=n", "@/c=n", "v/[=n", "v/c=n\n",
  ])
  func anythingElseIsNone(_ name: String) {
    #expect(!PodPlanner.isDriverDevice(name))
  }
}
