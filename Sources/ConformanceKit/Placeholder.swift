// ConformanceKit
