export { prometheusText, type Metric, type Sample } from './prometheus-text.ts'
