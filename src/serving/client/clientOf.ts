import type { Requests } from "../Requests.ts";

/** Which of the clients (processes) of a class sends the request: a closed-loop user has always the same one. */
export const clientOf = (requests: Requests, request: number, clients: number): number => {
  const user = requests.user.at[request]!;
  return (user >= 0 ? user : requests.number.at[request]!) % clients;
};
