export { CaptureReader, type CaptureFailure } from './capture-reader.ts'
export { FlowTable, type FlowTableCounters } from './flow-table.ts'
export type { FlowRow } from './captured-flow.ts'
