export * from './alert.ts'
export * from './detect-all.ts'
export { hasGeneratedName, looksGenerated } from './detectors/generated-domains.ts'
