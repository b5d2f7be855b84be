export { gatewayGuarding, plannedGateway } from './gateway-guarding.ts'
export type { GatewayGuardOptions, GatewayStatistics } from './gateway-guard.ts'
export { GATEWAY_METRICS, formatGatewayMetrics } from './gateway-metrics.ts'
