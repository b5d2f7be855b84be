export * from './alert.ts'
export * from './detect-all.ts'
export { hasGeneratedName, looksGenerated } from './detectors/generated-domains.ts'
export { TunnelWatch, type LookUp, type TunnelReason, type TunnelSign } from './tunnel-watch.ts'
