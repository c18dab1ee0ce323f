/** What an edge of a submission leads to, by the third number of its triple. */

/** A unit, by its number. */
export const TO_UNIT = 0;
/** A group, by its number: in old journals. */
export const TO_GROUP = 1;
/** A unit of the same submit, by its row. */
export const TO_ROW = 2;
/** A group, by its place among those that the submission names. */
export const TO_NAMED_GROUP = 3;
