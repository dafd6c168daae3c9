/**
 * Say a share as a whole percentage, as the pages do; only exact 0 and 1 become 0 % and 100 %.
 *
 * @param {number} share between 0 and 1
 */
export function percent(share) {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share >= 0.995 && share < 1) return ">99 %";
  return `${Math.round(100 * share)} %`;
}
