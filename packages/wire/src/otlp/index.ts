export * from './otlp-metrics.ts'
