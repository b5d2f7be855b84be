export * from './frame-reader.ts'
