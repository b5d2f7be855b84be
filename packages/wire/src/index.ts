export * from './dns/index.ts'
export * from './identify/index.ts'
export * from './capture/index.ts'
