export type * from './input.ts'
export { policyJsonSchema } from './policy-schema.ts'
export { FlowSchema } from './flow-schema.ts'
export { COUNTRIES } from './countries.ts'
