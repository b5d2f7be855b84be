export * from './dns/index.ts'
export * from './identify/index.ts'
