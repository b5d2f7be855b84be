import { SallyportError, type Policy } from '@sallyport/policy'

/** Without root nothing counts what a flow moves: an allowance that has a limit would have none. Throws `policy-invalid`. */
export function requireNoLimits({ layers }: Policy): void {
  const limited = layers
    .flatMap(({ rules }) => rules)
    .filter(({ action, mode, limit }) => action === 'allow' && mode === 'enforce' && limit !== null)
    .map(({ id }) => id)
  if (limited.length === 0) return
  throw new SallyportError(
    'policy-invalid',
    `limits are enforced as root alone; nothing is run: ${limited.join(', ')}`,
    {
      remedy: 'Run it as root, take `limit` out of these rules, or let them only watch (`mode: monitor`).',
    },
  )
}
