import { writeFileSync } from 'node:fs'
import { policyJsonSchema } from '@sallyport/policy'

/** Writes schema/policy.schema.json from the schema that the parser validates with. */
const target = new URL('../schema/policy.schema.json', import.meta.url)
writeFileSync(target, `${JSON.stringify(policyJsonSchema(), null, 2)}\n`)
