export * from './run/learn-policy.ts'
export * from './run/run-guarded.ts'
export * from './run/run-request.ts'
export type { Endpoint } from '@sallyport/dns'
