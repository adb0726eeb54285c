/* evaluate: predictions to scores. */
#include "evaluate/evaluate.h"

#include "cli/process.h"

static const struct duet_command commands[] = {
    {"coco", "score detections, or a detection model, as COCO does", evaluate_coco},
    {"voc", "score class masks, or a segmentation model, on PASCAL VOC", evaluate_voc},
    {"voc-detect", "score boxes on PASCAL VOC's annotations", evaluate_voc_detect},
    {"compare", "two results files on one ground truth: which is better, and is it luck", evaluate_compare},
    {"subset", "choose a part of a COCO data set, at random or by class", evaluate_subset},
    {0}};

static const struct duet_program program = {
    .name = "evaluate",
    .synopsis = "COMMAND [OPTION]...",
    .summary = "Measure how good results are: the numbers the field uses, with the conditions they were "
               "measured under beside them.",
    .commands = commands,
    .examples = "  evaluate coco --gt instances_val2017.json --detections results.json\n"
                "  evaluate voc --root VOC2012 --list val --model deeplabv3-voc\n",
    .details = "'evaluate COMMAND --help' tells about a command.\n",
    .exit_status = "  0    done\n"
                   "  1    nothing was scored; the reason is on standard error\n"
                   "  2    the command line makes no sense, or would overwrite something\n"
                   "  3    scored, but some inputs could not be read; each is named\n"
                   "  130, 143, 129  stopped by SIGINT, SIGTERM or SIGHUP; nothing was scored\n"};

int main(int argc, char **argv)
{
    duet_process_start();
    return duet_process_exit_code(duet_commands_run(&program, argc, argv));
}
