export * from './aggregate-flows.ts'
export * from './flow-record.ts'
