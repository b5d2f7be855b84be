export * from './analysis-too-large.ts'
export * from './diff-policies.ts'
export * from './lint-policy.ts'
export * from './reach.ts'
