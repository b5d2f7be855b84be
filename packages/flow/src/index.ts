export * from './aggregate-flows.ts'
export * from './drop.ts'
export * from './flow-record.ts'
export * from './fold-address-selection.ts'
