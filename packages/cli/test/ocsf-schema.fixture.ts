/**
 * What OCSF 1.3.0 says of the classes that Sallyport writes and of the objects in them, as far as they are written: names after `!`
 * are required, of those in a group joined by `|` one must be there, `name:object` holds an object, `name[]:object` a list of them, and
 * `name=1,2` one of these values.
 */
const ALWAYS =
  '!category_uid !time=int !metadata:metadata !type_uid=int !severity_id=0,1,2,3,4,5,6,99 class_name category_name activity_name type_name severity message status status_code status_detail start_time=int end_time=int duration=int unmapped=object actor:actor device:device action_id=0,1,2,99 action disposition_id=1,2,15,17 disposition firewall_rule:firewall_rule'
const NETWORK = `${ALWAYS} !status_id=0,1,2,99 !dst_endpoint:network_endpoint src_endpoint:network_endpoint connection_info:network_connection_info traffic:network_traffic app_name tls:tls ja4_fingerprint_list[]:ja4_fingerprint proxy:network_endpoint`

export const OCSF_CLASSES: Readonly<Record<number, string>> = {
  2004: `${ALWAYS} !class_uid=2004 !activity_id=0,1,2,3,99 status_id=0,1,2,3,4,99 !finding_info:finding_info evidences[]:evidences`,
  4001: `${NETWORK} !class_uid=4001 !activity_id=0,1,2,3,4,5,6,7,99 url:url`,
  4002: `${NETWORK} !class_uid=4002 !activity_id=0,1,2,3,4,5,6,7,8,99 !http_request:http_request !http_response:http_response`,
}

export const OCSF_OBJECTS: Readonly<Record<string, string>> = {
  metadata: '!version=1.3.0 !product:product uid correlation_uid profiles=list',
  product: '!vendor_name name version uid feature:feature',
  feature: 'name|uid version',
  actor: 'process:process|user:user|app_name|session|invoked_by',
  user: 'name|uid groups[]:group',
  group: 'name|uid',
  process: 'pid=int|uid name file:file parent_process:process',
  file: '!name !type_id=0,1,2,3,4,5,6,7,99 path',
  device: '!type_id=0,1,2,3,4,5,6,7,9,10,11,12,13,14,15,99 name hostname',
  network_endpoint:
    'ip|uid|name|hostname|svc_name|instance_uid|interface_uid|interface_name port=port location:location autonomous_system:autonomous_system container:container',
  container: 'name uid',
  location: 'city|country|postal_code|region',
  autonomous_system: 'name|number=int',
  network_connection_info: '!direction_id=0,1,2,3,99 uid protocol_name protocol_num=int',
  network_traffic: 'bytes=int bytes_in=int bytes_out=int packets=int packets_in=int packets_out=int',
  tls: '!version sni',
  ja4_fingerprint: '!type_id=0,1,2,3,4,5,6,7,8,9,99 !value type',
  firewall_rule: 'name|uid type desc version',
  http_request: 'http_method version user_agent referrer uid url:url',
  http_response: '!code=int status message',
  url: 'url_string|path hostname port=port scheme query_string',
  finding_info:
    '!title !uid desc types=list first_seen_time=int last_seen_time=int analytic:analytic attacks[]:attack created_time=int',
  analytic: '!type_id=0,1,2,3,4,5,6,7,8,9,10,11,99 name|uid',
  attack: 'technique:technique tactic version',
  technique: 'name|uid',
  evidences: 'data=object|actor:actor|src_endpoint:network_endpoint|dst_endpoint:network_endpoint',
}

type Attribute = {
  readonly holds: (value: unknown) => boolean
  readonly object: string | null
  readonly isList: boolean
}

/** What is wrong with an event, by paths. */
export function ocsfProblems(event: Readonly<Record<string, unknown>>): readonly string[] {
  const words = OCSF_CLASSES[Number(event['class_uid'])]
  if (words === undefined) return ['class_uid']
  const sum = Number(event['class_uid']) * 100 + Number(event['activity_id'])
  return [...problemsOf(event, words, ''), ...(event['type_uid'] === sum ? [] : ['type_uid is not of its class'])]
}

function problemsOf(value: unknown, words: string, path: string): readonly string[] {
  if (!isObject(value)) return [`${path} is no object`]
  const problems: string[] = []
  const known = new Map<string, Attribute>()
  for (const word of words.split(' ')) {
    const group = word.replace(/^!/, '').split('|').map(attributeOf)
    for (const [name, attribute] of group) known.set(name, attribute)
    const isNeeded = word.startsWith('!') || group.length > 1
    if (isNeeded && !group.some(([name]) => name in value)) problems.push(`${path} lacks ${word}`)
  }
  for (const [name, each] of Object.entries(value)) {
    const at = `${path}.${name}`
    const attribute = known.get(name)
    if (attribute === undefined) problems.push(`${at} is not of the schema`)
    else if (attribute.object === null)
      problems.push(...(attribute.holds(each) ? [] : [`${at} is ${JSON.stringify(each)}`]))
    else if (!attribute.isList) problems.push(...problemsOf(each, OCSF_OBJECTS[attribute.object]!, at))
    else if (!Array.isArray(each)) problems.push(`${at} is no list`)
    else problems.push(...each.flatMap((one) => problemsOf(one, OCSF_OBJECTS[attribute.object!]!, at)))
  }
  return problems
}

function attributeOf(word: string): readonly [string, Attribute] {
  const [, name, list, kind, rest] = /^(\w+)(\[\])?(?:([:=])(.+))?$/.exec(word)!
  const object = kind === ':' ? rest! : null
  return [name!, { holds: (value) => holds(value, kind === '=' ? rest! : 'text'), object, isList: list !== undefined }]
}

function holds(value: unknown, what: string): boolean {
  if (what === 'text') return typeof value === 'string' || typeof value === 'number'
  if (what === 'int') return Number.isInteger(value)
  if (what === 'port') return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536
  if (what === 'list') return Array.isArray(value) && value.every((each) => typeof each === 'string')
  if (what === 'object') return isObject(value)
  return what.split(',').includes(String(value))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
