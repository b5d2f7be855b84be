import type { StateParams, StateValue } from './state-database.ts'

/** `$name` as SQLite takes it, in PostgreSQL's way: `$1`, and the values in that order. A name that comes again has its number again. */
export function numberedParameters(
  sql: string,
  params: StateParams,
): { readonly text: string; readonly values: readonly StateValue[] } {
  const names: string[] = []
  const text = sql.replace(/\$([a-zA-Z]\w*)/g, (_whole, name: string) => {
    if (!names.includes(name)) names.push(name)
    return `$${names.indexOf(name) + 1}`
  })
  const missing = names.find((name) => params[name] === undefined)
  if (missing !== undefined) throw new TypeError(`no value for $${missing}`)
  return { text, values: names.map((name) => params[name]!) }
}
