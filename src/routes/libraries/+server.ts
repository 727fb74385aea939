import { withProblems } from '#lib/server/transport/problem.ts';
import type { RequestEvent } from './$types';

export const GET = withProblems(({ locals }: RequestEvent) => Response.json(locals.services.libraries()));
