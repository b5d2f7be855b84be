/** How long a session lasts, from the sign-in on. */
export const SESSION_LIFE_MS = 43_200_000
