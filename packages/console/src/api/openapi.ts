import * as z from 'zod'
import type { Route } from './route.ts'

/** The API as OpenAPI 3.1, from the very schemas that read its requests. */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const each of routes) {
    const path = `/api/v1${each.path.replace(/:(\w+)/g, '{$1}')}`
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operation(each) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sallyport', version, description: 'What leaves this host, and what may.' },
    components: {
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'sallyport' } },
      schemas: { Error: ERROR },
    },
    paths,
  }
}

const ERROR = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' }, remedy: { type: 'string' } },
      required: ['code', 'message', 'remedy'],
    },
  },
  required: ['error'],
}

function operation({ method, path, role, summary, query, body, answer, list }: Route): object {
  return {
    summary,
    operationId: `${method.toLowerCase()}${path.replace(/[/:]+(\w)/g, (_whole, letter: string) => letter.toUpperCase())}`,
    ...(role === null ? {} : { description: `Role: ${role}, or one that may do more.`, security: [{ session: [] }] }),
    parameters: [...parameters(path, query), ...(method === 'GET' ? [] : [CSRF])],
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: {
      ...successOf(path, answer, list),
      default: {
        description: 'Refused',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function successOf(path: string, answer: Route['answer'], list: Route['list']): object {
  if (answer !== null) return { 200: { description: 'The answer', content: contentOf(answer, list) } }
  const isStream = path === '/events'
  return isStream
    ? { 200: { description: 'Until the reader goes away', content: { 'text/event-stream': TEXT } } }
    : { 303: { description: 'The browser is led elsewhere', headers: { location: TEXT } } }
}

const TEXT = { schema: { type: 'string' } }

/** Of a list, what `format` asks for. */
function contentOf(answer: z.ZodType, list: Route['list']): object {
  const schema = schemaOf(answer, 'output')
  if (list === undefined) return { 'application/json': { schema } }
  const rows = { type: 'array', items: schema }
  const next = { type: ['string', 'null'], description: 'The `after` of the page that follows.' }
  const page = {
    type: 'object',
    properties: { [list.name]: rows, next },
    additionalProperties: false,
    required: [list.name, 'next'],
  }
  return {
    'application/json': { schema: page },
    'application/x-ndjson': TEXT,
    'text/csv': TEXT,
    'text/event-stream': TEXT,
  }
}

const CSRF = {
  name: 'x-csrf-token',
  in: 'header',
  required: false,
  description: 'The `csrf` of GET /session, when signed in.',
  schema: { type: 'string' },
}

function parameters(path: string, query: z.ZodType | null): readonly object[] {
  if (query === null) return []
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, object>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, schema]) => {
    const inPath = path.includes(`:${name}`)
    return { name, in: inPath ? 'path' : 'query', required: inPath || required.includes(name), schema }
  })
}

function schemaOf(type: z.ZodType, io: 'input' | 'output' = 'input'): object {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' })
  return schema
}
