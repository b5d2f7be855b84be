export { handshakeFacts, type HandshakeFacts } from './handshake-facts.ts'
export {
  HandshakeInspection,
  type InspectionCounters,
  type Known,
  type Pushed,
  type Segment,
} from './handshake-inspection.ts'
export { type InspectionLimits } from './limits.ts'
