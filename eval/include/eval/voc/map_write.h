/* map_write.h: VOC's detection scores as a table for people, as JSON and as CSV.
 *
 * JSON: "map" (all points), "map_2007" (11 points), "ap" and "ap_2007" (20 numbers in the order of "classes";
 * null: no ground truth), "positives", "difficult", "found", "right", "duplicates", "background", "recall";
 * "bootstrap": {"replicates", "seed", "level", "map": [low, high], "map_2007", "ap", "ap_2007"};
 * "conditions". Numbers have full precision.
 */
#ifndef DUET_EVAL_VOC_MAP_WRITE_H
#define DUET_EVAL_VOC_MAP_WRITE_H

#include "eval/report/conditions.h"
#include "eval/voc/map.h"

/* What is to be written; all borrowed. */
struct duet_voc_map_outcome {
    const struct duet_voc_map *map;
    const struct duet_voc_map_intervals *intervals; /* NULL: none */
    size_t replicates;
    uint64_t seed;
    const struct duet_conditions *conditions;
};

/* The whole text; free() it. NULL when out of memory. CSV has a class a line: class,class_id,ap,ap_2007,
 * recall,positives,difficult,found,right,duplicates,background[,ap_low,ap_high]; empty where there is no
 * score.
 */
char *duet_voc_map_table(const struct duet_voc_map_outcome *outcome);
char *duet_voc_map_json(const struct duet_voc_map_outcome *outcome);
char *duet_voc_map_csv(const struct duet_voc_map_outcome *outcome);

#endif
