export * from './dns/index.ts'
