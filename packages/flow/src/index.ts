export * from './aggregate-flows.ts'
export * from './flow-record.ts'
export * from './fold-address-selection.ts'
