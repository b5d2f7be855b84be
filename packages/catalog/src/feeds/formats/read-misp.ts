import type { FeedBuilder } from '../feed-builder.ts'
import { isObject, objectsOf, type JsonDocument, type JsonObject } from './json-document.ts'
import { destinationOfText } from './destination-of-text.ts'
import { take } from './plain-reader.ts'

/** Types of attributes that are a destination, and how its text is got from the value. */
const TYPES: Readonly<Record<string, (value: string) => readonly string[]>> = {
  domain: (value) => [value],
  hostname: (value) => [value],
  'ip-dst': (value) => [value],
  url: (value) => [value],
  uri: (value) => [value],
  'domain|ip': (value) => value.split('|', 2),
  'hostname|port': (value) => value.split('|', 1),
  'ip-dst|port': (value) => value.split('|', 1),
}

/** Events of a MISP feed, alone, in an array, or in the `response` of a server. */
export function readMispEvents({ value, lineOf }: JsonDocument, builder: FeedBuilder): void {
  for (const event of eventsOf(value)) {
    const objects = objectsOf(event['Object']).flatMap((object) => objectsOf(object['Attribute']))
    for (const attribute of [...objectsOf(event['Attribute']), ...objects]) readAttribute(attribute, lineOf, builder)
  }
}

function eventsOf(value: unknown): readonly JsonObject[] {
  const roots = Array.isArray(value) ? objectsOf(value) : isObject(value) ? [value] : []
  return roots.flatMap((root) => {
    if (Array.isArray(root['response'])) return eventsOf(root['response'])
    return isObject(root['Event']) ? [root['Event']] : [root]
  })
}

function readAttribute(attribute: JsonObject, lineOf: JsonDocument['lineOf'], builder: FeedBuilder): void {
  const { type, value, to_ids: forDetection, deleted } = attribute
  if (typeof type !== 'string' || typeof value !== 'string') return
  const line = lineOf(value)
  const textsOf = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (deleted === true) return
  if (textsOf === undefined) builder.unusable(line, 'an attribute that is no destination', `${type} ${value}`)
  else if (forDetection === false)
    builder.unusable(line, 'an attribute that is not meant for detection', `${type} ${value}`)
  else for (const text of textsOf(value)) take(builder, text, line, `${type} ${value}`)
}

/** A warning list: `hostname` covers the names below, `string` is exact, `cidr` are prefixes. */
export function readMispWarningList({ value, lineOf }: JsonDocument, builder: FeedBuilder): void {
  const { type, list } = isObject(value) ? value : {}
  for (const entry of Array.isArray(list) ? list : []) {
    if (typeof entry !== 'string') continue
    const line = lineOf(entry)
    const destination = destinationOfText(entry)
    if (type === 'regex' || type === 'substring') builder.unusable(line, `a list of type ${type}`, entry)
    else if (type === 'string' && 'name' in destination) builder.block('name', destination.name, line, entry)
    else take(builder, entry, line, entry)
  }
}
