export * from './read-proxy-header.ts'
