/** How often each server notifies its subscribers. */
export const NOTIFICATIONS_HZ = 30;
