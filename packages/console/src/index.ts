export * from './desk/serve-desk.ts'
