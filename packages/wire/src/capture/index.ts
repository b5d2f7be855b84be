export { CaptureReader, type CapturedPacket, type CaptureFailure, type CaptureProblem } from './capture-reader.ts'
export { FlowTable, type FlowTableCounters } from './flow-table.ts'
export type { FlowRow } from './captured-flow.ts'
