import { matchDomain } from '@sallyport/net'
import { SallyportError, type DnsError, type DnsSettings, type Policy } from '@sallyport/policy'
import { EXTENDED_ERROR, typeNumber } from '@sallyport/wire'
import { DEFAULT_SETTINGS, type AnswerSettings } from '../options.ts'
import type { JudgeOptions } from './policy-judge.ts'

const ERROR_CODE: Readonly<Record<DnsError, number>> = {
  blocked: EXTENDED_ERROR.BLOCKED,
  censored: EXTENDED_ERROR.CENSORED,
  filtered: EXTENDED_ERROR.FILTERED,
  prohibited: EXTENDED_ERROR.PROHIBITED,
}

/** Of several layers the first that says something about a key decides it. */
export function dnsSettings({ layers }: Policy): DnsSettings {
  const settings = Object.assign({}, ...layers.map(({ dns }) => dns ?? {}).toReversed()) as DnsSettings
  const onlyWatches = layers.every(({ mode }) => mode === 'monitor')
  return onlyWatches && settings.tunnels === 'refuse' ? { ...settings, tunnels: 'flag' } : settings
}

/** What may change while the resolver runs. */
export function answerSettings(settings: DnsSettings): AnswerSettings {
  const { types, errorCodes = {}, tunnelsExcept = [] } = settings
  const numbers = types?.map((text) => {
    const number = typeNumber(text)
    if (number !== null) return number
    throw new SallyportError('policy-invalid', `dns: types: ${text} is no record type`, {
      remedy: 'Write A, AAAA, HTTPS and the like, or TYPE65 for a type without a name here.',
    })
  })
  return {
    types: numbers === undefined ? null : new Set(numbers),
    canaries: settings.canaries ?? DEFAULT_SETTINGS.canaries,
    stale: settings.stale ?? DEFAULT_SETTINGS.stale,
    addressFloorSeconds: settings.addressFloorSeconds ?? DEFAULT_SETTINGS.addressFloorSeconds,
    addressGraceSeconds: settings.addressGraceSeconds ?? DEFAULT_SETTINGS.addressGraceSeconds,
    tunnels: settings.tunnels ?? DEFAULT_SETTINGS.tunnels,
    mayCarryData: (name) => tunnelsExcept.some((pattern) => matchDomain(pattern, name)),
    errorCode: (rule) => {
      const error = Object.hasOwn(errorCodes, rule) ? errorCodes[rule] : undefined
      return error === undefined ? null : ERROR_CODE[error]
    },
  }
}

export function judgeOptions({ privateNames = [] }: DnsSettings): JudgeOptions {
  return { mayBePrivate: (name) => privateNames.some((pattern) => matchDomain(pattern, name)) }
}
