import { Ajv2020 } from 'ajv/dist/2020.js'
import { ROUTES } from '../src/api/build-api.ts'
import { openApi } from '../src/api/openapi.ts'

type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema | false
  readonly anyOf?: readonly Schema[]
}
type Response = { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }
type Operation = { readonly responses: Readonly<Record<string, Response>> }
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

const AJV = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const { paths, components } = openApi(ROUTES, '0') as Document
const isRefusal = AJV.compile({ components, $ref: '#/components/schemas/Error' })
const DESCRIBED = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([operation, { responses }]) => {
    const schema = responses['200']?.content?.['application/json']?.schema
    if (schema === undefined) return []
    const method = operation.toUpperCase()
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`)
    return { name: `${method} ${path}`, method, pattern, schema }
  }),
)

/** What the OpenAPI document says of answers, held against real ones. */
export class DescribedAnswers {
  readonly #seen = new Map<string, Set<string>>()

  /** Null: as described, or nothing that is described. */
  problem(method: string, url: string, status: number, body: unknown): string | null {
    const path = `/api/v1${url.split('?')[0]!}`
    const each = DESCRIBED.find((one) => one.method === method && one.pattern.test(path))
    if (status >= 400) return isRefusal(body) ? null : `${method} ${url}: no refusal: ${JSON.stringify(body)}`
    if (each === undefined) return null
    const seen = this.#seen.get(each.name) ?? new Set()
    this.#seen.set(each.name, seen)
    for (const place of placesOfValue(body)) seen.add(place)
    // Ajv keeps what it compiled for a schema.
    return AJV.validate(each.schema, body) ? null : `${each.name}: ${AJV.errorsText(AJV.errors, { separator: '\n' })}`
  }

  /** What is described and was in no answer. */
  neverSeen(): readonly string[] {
    return DESCRIBED.flatMap(({ name, schema }) => {
      const seen = this.#seen.get(name)
      if (seen === undefined) return [name]
      return [...new Set(placesOfSchema(schema))].filter((place) => !seen.has(place)).map((place) => `${name} ${place}`)
    })
  }
}

function placesOfSchema({ properties = {}, items = false, anyOf = [] }: Schema, at = ''): readonly string[] {
  const below = Object.entries(properties).flatMap(([key, schema]) => [
    `${at}.${key}`,
    ...placesOfSchema(schema, `${at}.${key}`),
  ])
  const inside = items === false ? [] : placesOfSchema(items, `${at}[]`)
  return [...below, ...inside, ...anyOf.flatMap((schema) => placesOfSchema(schema, at))]
}

function placesOfValue(value: unknown, at = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => placesOfValue(each, `${at}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => [`${at}.${key}`, ...placesOfValue(each, `${at}.${key}`)])
}
