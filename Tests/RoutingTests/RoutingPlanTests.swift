import ConformanceKit
import Ledger
import Routing
import Testing

@Suite struct RoutingPlanTests {
}
