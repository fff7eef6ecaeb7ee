// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Drawing on images: boxes, lines, polygons, circles, points, text; and sheets of images. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_DRAW_H
#define KAL_HEADER_OPS_DRAW_H

#include <kal/ops/define.h>

KAL_BEGIN

/// Where fonts that are only named are looked for.
#define KAL_FONT_FOLDERS "/usr/share/fonts|/usr/local/share/fonts|/System/Library/Fonts|/Library/Fonts"
#define KAL_FONT_HELP "a TrueType or OpenType file; unset: the built-in font"
#define KAL_DRAW_BOXES_PARAMS(P)                                                          \
    P(LIST, boxes, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "x0 y0 x1 y1 of each box")       \
    P(COLOR, color, 0, 0, 0, "sample", "of the frames; unset: white")                     \
    P(INT, width, 2, 0, 16384, "px", "of a frame, which lies inside its box; 0: none")    \
    P(COLOR, fill, 0, 0, 0, "sample", "of what the frames are around; unset: not filled") \
    P(FLOAT, opacity, 1, 0, 1, "", "1 hides what is below")                               \
    P(TEXT, labels, "", 0, 0, "", "at each box, separated by |; one text: at every box")  \
    P(INT, font_size, 16, 1, 4096, "px",                                                  \
      "of an em; the built-in font: of a line, which becomes a multiple of 16")           \
    P(FILE, font, "", 0, 0, KAL_FONT_FOLDERS, KAL_FONT_HELP)                              \
    P(LIST, colors, 0, 0, 0, "sample",                                                    \
      "the numbers of one colour after the other, which boxes take in turn; unset: color")
#define KAL_DRAW_LINES_PARAMS(P)                                                         \
    P(LIST, lines, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "line x y of each corner")      \
    P(COLOR, color, 0, 0, 0, "sample", "of the lines; unset: white")                     \
    P(FLOAT, width, 2, 0, 16384, "px", "of the lines; their ends and corners are round") \
    P(FLOAT, opacity, 1, 0, 1, "", "1 hides what is below")
#define KAL_DRAW_POLYGONS_PARAMS(P)                                                       \
    P(LIST, polygons, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "polygon x y of each corner") \
    P(COLOR, color, 0, 0, 0, "sample", "of the outlines; unset: white")                   \
    P(FLOAT, width, 2, 0, 16384, "px", "of an outline; 0: none")                          \
    P(COLOR, fill, 0, 0, 0, "sample", "of the inside; unset: not filled")                 \
    P(FLOAT, opacity, 1, 0, 1, "", "1 hides what is below")
#define KAL_DRAW_CIRCLES_PARAMS(P)                                                         \
    P(LIST, circles, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "x y radius of each circle")    \
    P(COLOR, color, 0, 0, 0, "sample", "of the rings; unset: white")                       \
    P(FLOAT, width, 2, 0, 16384, "px", "of a ring, half of it inside the radius; 0: none") \
    P(COLOR, fill, 0, 0, 0, "sample", "of the inside; unset: not filled")                  \
    P(FLOAT, opacity, 1, 0, 1, "", "1 hides what is below")
#define KAL_MARKS "disc|square|plus|cross"
typedef enum kal_mark { KAL_MARK_DISC, KAL_MARK_SQUARE, KAL_MARK_PLUS, KAL_MARK_CROSS } kal_mark;
#define KAL_DRAW_POINTS_PARAMS(P)                                              \
    P(LIST, points, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "x y of each point") \
    P(COLOR, color, 0, 0, 0, "sample", "of the marks; unset: white")           \
    P(FLOAT, radius, 4, 0, 16384, "px", "from the point to the mark's rim")    \
    P(CHOICE, mark, 0, 0, 0, KAL_MARKS, "what stands for a point")             \
    P(FLOAT, width, 2, 0, 16384, "px", "of the strokes of a plus or a cross")  \
    P(FLOAT, opacity, 1, 0, 1, "", "1 hides what is below")
KAL_PARAMS(draw_boxes, KAL_DRAW_BOXES_PARAMS)
KAL_PARAMS(draw_lines, KAL_DRAW_LINES_PARAMS)
KAL_PARAMS(draw_polygons, KAL_DRAW_POLYGONS_PARAMS)
KAL_PARAMS(draw_circles, KAL_DRAW_CIRCLES_PARAMS)
KAL_PARAMS(draw_points, KAL_DRAW_POINTS_PARAMS)
#define kal_draw_boxes_params(...) KAL_WITH(draw_boxes, KAL_DRAW_BOXES_PARAMS, __VA_ARGS__)
#define kal_draw_lines_params(...) KAL_WITH(draw_lines, KAL_DRAW_LINES_PARAMS, __VA_ARGS__)
#define kal_draw_polygons_params(...) KAL_WITH(draw_polygons, KAL_DRAW_POLYGONS_PARAMS, __VA_ARGS__)
#define kal_draw_circles_params(...) KAL_WITH(draw_circles, KAL_DRAW_CIRCLES_PARAMS, __VA_ARGS__)
#define kal_draw_points_params(...) KAL_WITH(draw_points, KAL_DRAW_POINTS_PARAMS, __VA_ARGS__)
KAL_OP_1(draw_boxes)
KAL_OP_1(draw_lines)
KAL_OP_1(draw_polygons)
KAL_OP_1(draw_circles)
KAL_OP_1(draw_points)

#define KAL_ANCHORS "top_left|top|top_right|left|center|right|bottom_left|bottom|bottom_right"
typedef enum kal_anchor {
    KAL_ANCHOR_TOP_LEFT,
    KAL_ANCHOR_TOP,
    KAL_ANCHOR_TOP_RIGHT,
    KAL_ANCHOR_LEFT,
    KAL_ANCHOR_CENTER,
    KAL_ANCHOR_RIGHT,
    KAL_ANCHOR_BOTTOM_LEFT,
    KAL_ANCHOR_BOTTOM,
    KAL_ANCHOR_BOTTOM_RIGHT
} kal_anchor;
#define KAL_ALIGNS "left|center|right"
typedef enum kal_align { KAL_ALIGN_LEFT, KAL_ALIGN_CENTER, KAL_ALIGN_RIGHT } kal_align;
#define KAL_TEXT_IMAGE_PARAMS(P)                                                                             \
    P(TEXT, text, "", 0, 0, "", "what is written")                                                           \
    P(INT, font_size, 16, 1, 4096, "px",                                                                     \
      "of an em; the built-in font: of a line, which becomes a multiple of 16")                              \
    P(COLOR, color, 0, 0, 255, "sample", "of the letters, 0 … 255; unset: a mask, or white on a background") \
    P(COLOR, background, 0, 0, 255, "sample", "behind them; unset: transparent")                             \
    P(CHOICE, align, 0, 0, 0, KAL_ALIGNS, "where shorter lines stand")                                       \
    P(INT, padding, 0, 0, 16384, "px", "room on every side")                                                 \
    P(FILE, font, "", 0, 0, KAL_FONT_FOLDERS, KAL_FONT_HELP)
#define KAL_DRAW_TEXT_PARAMS(P)                                                        \
    P(TEXT, text, "", 0, 0, "", "what is written")                                     \
    P(X, x, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "where the anchor lies")             \
    P(Y, y, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "where the anchor lies")             \
    P(INT, font_size, 16, 1, 4096, "px",                                               \
      "of an em; the built-in font: of a line, which becomes a multiple of 16")        \
    P(COLOR, color, 0, 0, 0, "sample", "of the letters; unset: white")                 \
    P(CHOICE, anchor, 0, 0, 0, KAL_ANCHORS, "the place of the text that lies at x, y") \
    P(COLOR, background, 0, 0, 0, "sample", "of a box behind the text; unset: none")   \
    P(INT, padding, 0, 0, 16384, "px", "room around the text; part of the box")        \
    P(FLOAT, opacity, 1, 0, 1, "", "1 hides what is below")                            \
    P(FILE, font, "", 0, 0, KAL_FONT_FOLDERS, KAL_FONT_HELP)
#define KAL_DRAW_LABELS_PARAMS(P)                                                             \
    P(LIST, points, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "x y of each text's anchor")        \
    P(TEXT, texts, "", 0, 0, "", "what is written, separated by |; one text: at every point") \
    P(INT, font_size, 16, 1, 4096, "px",                                                      \
      "of an em; the built-in font: of a line, which becomes a multiple of 16")               \
    P(COLOR, color, 0, 0, 0, "sample", "of the letters; unset: white")                        \
    P(CHOICE, anchor, 0, 0, 0, KAL_ANCHORS, "the place of a text that lies at its point")     \
    P(COLOR, background, 0, 0, 0, "sample", "of a box behind each text; unset: none")         \
    P(INT, padding, 0, 0, 16384, "px", "room around each text; part of the box")              \
    P(FLOAT, opacity, 1, 0, 1, "", "1 hides what is below")                                   \
    P(FILE, font, "", 0, 0, KAL_FONT_FOLDERS, KAL_FONT_HELP)
KAL_PARAMS(text_image, KAL_TEXT_IMAGE_PARAMS)
KAL_PARAMS(draw_text, KAL_DRAW_TEXT_PARAMS)
KAL_PARAMS(draw_labels, KAL_DRAW_LABELS_PARAMS)
#define kal_text_image_params(...) KAL_WITH(text_image, KAL_TEXT_IMAGE_PARAMS, __VA_ARGS__)
#define kal_draw_text_params(...) KAL_WITH(draw_text, KAL_DRAW_TEXT_PARAMS, __VA_ARGS__)
#define kal_draw_labels_params(...) KAL_WITH(draw_labels, KAL_DRAW_LABELS_PARAMS, __VA_ARGS__)
KAL_OP_0(text_image)
KAL_OP_1(draw_text)
KAL_OP_1(draw_labels)

#define KAL_CELL_FITS "none|inside|cover|fill"
typedef enum kal_cell_fit { KAL_CELL_NONE, KAL_CELL_INSIDE, KAL_CELL_COVER, KAL_CELL_FILL } kal_cell_fit;
#define KAL_SHEET_PARAMS(P)                                                                            \
    P(INT, columns, KAL_AUTO, 1, 65536, "", "images in a row, or in a column; unset: about a square")  \
    P(INT, gap, 0, 0, 16384, "px", "between cells")                                                    \
    P(TEXT, labels, "", 0, 0, "", "below each image, separated by |")                                  \
    P(TEXT, heads, "", 0, 0, "", "beside each row or above each column, separated by |")               \
    P(CHOICE, order, 0, 0, 0, "rows|columns", "what is filled first")                                  \
    P(LIST, lists, 0, 1, 65536, "",                                                                    \
      "how many images each row or column has; unset: as many as `columns` says")                      \
    P(COLOR, background, 0, 0, 0, "sample", "unset: black")                                            \
    P(COLOR, color, 0, 0, 0, "sample", "of the letters; unset: black or white, whichever can be seen") \
    P(INT, font_size, 16, 1, 4096, "px",                                                               \
      "of an em; the built-in font: of a line, which becomes a multiple of 16")                        \
    P(FILE, font, "", 0, 0, KAL_FONT_FOLDERS, KAL_FONT_HELP)                                           \
    P(BOOL, turned, false, 0, 0, "", "heads of rows read upwards")                                     \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "of an image's place; unset: the widest image's")     \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "of an image's place; unset: the tallest image's")   \
    P(CHOICE, fit, 0, 0, 0, KAL_CELL_FITS, "what makes images fit it")                                 \
    P(INT, label_width, KAL_AUTO, 0, KAL_MAX_SIDE, "px",                                               \
      "a cell is as wide at least; unset: the widest label")                                           \
    P(INT, label_height, KAL_AUTO, 0, KAL_MAX_SIDE, "px",                                              \
      "of the strip below images; unset: the tallest label")                                           \
    P(INT, head_width, KAL_AUTO, 0, KAL_MAX_SIDE, "px", "room for a head; unset: the widest")          \
    P(INT, head_height, KAL_AUTO, 0, KAL_MAX_SIDE, "px", "room for a head; unset: the tallest")
KAL_PARAMS(sheet, KAL_SHEET_PARAMS)
#define kal_sheet_params(...) KAL_WITH(sheet, KAL_SHEET_PARAMS, __VA_ARGS__)
KAL_OP_N(sheet)

KAL_END
#endif
