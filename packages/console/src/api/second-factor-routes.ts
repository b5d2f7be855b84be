import { isTotpSecret, newTotpSecret, totpStep } from '@sallyport/store'
import { encodeQR } from 'qr'
import * as z from 'zod'
import { NewSecondFactorAnswer, RemovedAnswer, SecondFactorAnswer } from './answers/account-answers.ts'
import { ApiError } from './api-error.ts'
import type { ApiContext } from './api-context.ts'
import { audited } from './audited.ts'
import { route, type Route } from './route.ts'

/** Of light around a QR code, so that a camera finds it (ISO/IEC 18004, 5.3.8). */
const MARGIN = 4

const Password = z.string().max(1024)

/** Changes of what one signs in with need the password again: a session that was left open is not enough. */
export const SECOND_FACTOR_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/session/second-factor',
    role: 'viewer',
    summary: 'A new secret for an authenticator; nothing is kept yet',
    query: null,
    body: null,
    answer: NewSecondFactorAnswer,
    handle: async ({ caller }, { state }) => {
      const { name } = caller.session!.user
      const secret = newTotpSecret()
      const uri = `otpauth://totp/Sallyport:${encodeURIComponent(name)}?secret=${secret}&issuer=Sallyport`
      const code = encodeQR(uri, 'raw', { border: MARGIN }).map((row) => row.map((dark) => (dark ? '1' : '0')).join(''))
      return { isSet: await state.users.hasSecondFactor(name), secret, uri, code }
    },
  }),
  route({
    method: 'POST',
    path: '/session/second-factor',
    role: 'viewer',
    isSignIn: true,
    summary: 'Sign in with an authenticator’s code from now on, of this secret, which a code of it proves',
    query: null,
    body: z.strictObject({ password: Password, secret: z.string().refine(isTotpSecret), code: z.string().max(20) }),
    answer: SecondFactorAnswer,
    handle: async ({ body: { password, secret, code }, caller }, context) => {
      const { name } = caller.session!.user
      await requirePassword(context, name, password)
      const step = totpStep(secret, code, context.nowMs(), 0)
      if (step === null)
        throw new ApiError(
          400,
          'usage',
          'the code is not of this secret',
          'Compare the clocks, and give the next code.',
        )
      await context.state.users.setTotp(name, secret, step)
      await audited(context, name, 'set second factor', name)
      return { isSet: true }
    },
  }),
  route({
    method: 'POST',
    path: '/session/second-factor/end',
    role: 'viewer',
    isSignIn: true,
    summary: 'Sign in without a code again',
    query: null,
    body: z.strictObject({ password: Password }),
    answer: SecondFactorAnswer,
    handle: async ({ body: { password }, caller }, context) => {
      const { name } = caller.session!.user
      await requirePassword(context, name, password)
      await context.state.users.setTotp(name, null)
      await audited(context, name, 'end second factor', name)
      return { isSet: false }
    },
  }),
  route({
    method: 'DELETE',
    path: '/users/:name/second-factor',
    role: 'admin',
    summary: 'Take the second factor of somebody away who has lost it',
    query: z.strictObject({ name: z.string().max(64) }),
    body: null,
    answer: RemovedAnswer,
    handle: async ({ query: { name }, caller }, context) => {
      const { users } = context.state
      const removed = (await users.hasSecondFactor(name)) && (await users.setTotp(name, null))
      if (removed) await audited(context, caller.session!.user.name, 'end second factor', name)
      return { removed }
    },
  }),
]

/** Whoever sits at a session that was left open guesses no oftener than at the door, and is seen. */
async function requirePassword(context: ApiContext, name: string, password: string): Promise<void> {
  if ((await context.state.users.verify(name, password)) !== null) return
  await audited(context, name, 'password refused', name)
  throw new ApiError(403, 'usage', 'the password is wrong', '')
}
