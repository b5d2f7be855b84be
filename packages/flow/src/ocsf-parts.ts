/** What OCSF events say of whoever writes them. */
export type Product = { readonly name: string; readonly version?: string; readonly feature?: { readonly name: string } }

/** `logged`: a rule would have denied it, and only watches. `failed`: nobody denied it, and it did not work. */
export type OcsfOutcome = 'allowed' | 'logged' | 'denied' | 'failed'

type Actor = {
  readonly user?: string | null | undefined
  readonly groups?: readonly string[] | null | undefined
  readonly app?: string | null | undefined
  /** Applications that started it, the nearest first. */
  readonly parents?: readonly string[] | undefined
}

const VERSION = '1.3.0'
const NETWORK_ACTIVITY = 4
const CONTROL: Readonly<Record<OcsfOutcome, readonly [action: number, disposition: number, status: number]>> = {
  allowed: [1, 1, 1],
  logged: [1, 17, 1],
  denied: [2, 2, 2],
  failed: [1, 1, 2],
}
const CAPTIONS: Readonly<Record<OcsfOutcome, readonly [action: string, disposition: string, status: string]>> = {
  allowed: ['Allowed', 'Allowed', 'Success'],
  logged: ['Allowed', 'Logged', 'Success'],
  denied: ['Denied', 'Blocked', 'Failure'],
  failed: ['Allowed', 'Allowed', 'Failure'],
}

type Endpoint = {
  readonly ip?: string | null | undefined
  readonly hostname?: string | null | undefined
  readonly port?: number | null | undefined
  readonly location?: object | string | null | undefined
  readonly autonomous_system?: object | null
  readonly container?: object | string | null | undefined
}

/** An endpoint must be called something. */
export function ocsfEndpoint(endpoint: Endpoint): object {
  return endpoint.ip || endpoint.hostname ? endpoint : { ...endpoint, name: 'unknown' }
}

/** Which class of the category Network Activity an event is of, and what happened. */
export function ocsfClass(class_uid: number, activity_id: number): object {
  return { activity_id, category_uid: NETWORK_ACTIVITY, class_uid, type_uid: class_uid * 100 + activity_id }
}

/** With the profiles Host and Security Control, and others that the event has attributes of. */
export function ocsfMetadata(
  product: Product,
  ids: { readonly uid?: string | undefined; readonly correlation_uid?: string | undefined },
  profiles: readonly string[] = [],
): object {
  return {
    version: VERSION,
    profiles: ['host', 'security_control', ...profiles],
    product: { vendor_name: product.name, ...product },
    ...ids,
  }
}

/** What became of it, by the profile Security Control. */
export function ocsfControl(outcome: OcsfOutcome): object {
  const [[action_id, disposition_id, status_id], [action, disposition, status]] = [CONTROL[outcome], CAPTIONS[outcome]]
  return { action_id, action, disposition_id, disposition, status_id, status }
}

export function ocsfRule(rule: string | null, layer: string | null): object | null {
  return rule === null ? null : { uid: rule, name: rule, type: layer }
}

/** Who did it, by the profile Host. */
export function ocsfActor({ user, groups, app, parents }: Actor): object {
  return {
    user: user && { name: user, groups: groups?.map((name) => ({ name })) },
    process: app && processOf(app, parents ?? []),
  }
}

/** Without what is not known: OCSF has no null. An object of nothing goes too. */
export function compactOcsf(value: object): object {
  const kept = Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    if (each === null || each === undefined || each === '') return []
    if (typeof each !== 'object' || Array.isArray(each)) return [[key, each] as const]
    const inner = compactOcsf(each)
    return Object.keys(inner).length === 0 ? [] : [[key, inner] as const]
  })
  return Object.fromEntries(kept)
}

function parentsOf([nearest, ...above]: readonly string[]): object | null {
  return nearest === undefined ? null : processOf(nearest, above)
}

/** A process must have a number or an identifier of ours: all that is known of it is its program. */
function processOf(app: string, parents: readonly string[]): object {
  return { uid: app, file: fileOf(app), parent_process: parentsOf(parents) }
}

/** A regular file of OCSF's list of types. */
function fileOf(path: string): object {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), type_id: 1 }
}
