/** How long a session lasts, from the sign-in on. */
export const SESSION_LIFE_MS = 43_200_000
/** What is left of a session at most: a clock that is kept right may go back a little. */
export const MOST_SESSION_LEFT_MS: number = SESSION_LIFE_MS + 600_000
