// The errors that page-table code returns.

export const ENOMEM = -12;
export const EEXIST = -17;
export const EINVAL = -22;
export const ERANGE = -34;
